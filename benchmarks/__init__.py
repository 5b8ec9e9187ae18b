"""Measurements that print ratios against a raw call made in the same run. Not part of the program."""
