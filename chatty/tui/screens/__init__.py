"""Whole screens: they lay widgets out and route what these say. What happens then is the backend's."""
