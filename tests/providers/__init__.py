"""Tests of `chatty.providers`."""
