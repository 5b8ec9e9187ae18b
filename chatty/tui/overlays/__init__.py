"""What lies over the chat screen for a moment: lists to choose from, questions, one-line inputs.

Each is a modal screen that is dismissed with its answer, or with None when the user left.
"""
