"""The full-screen client: screens, widgets, themes."""
