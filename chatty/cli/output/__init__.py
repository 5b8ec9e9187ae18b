"""How results leave: standard output for data, standard error for people, JSON, tables, times."""
