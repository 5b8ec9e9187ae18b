"""What is in flight: parts being written, who watches them, and the runs that write."""
