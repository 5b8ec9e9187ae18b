"""Tests mirror the package; `instruments` holds the stand-ins they share."""
