"""Stand-ins and measuring tools shared by tests and benchmarks. Nothing here is imported by the program."""
