"""Tests of chatty.protocol."""
