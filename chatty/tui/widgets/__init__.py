"""The things a user could point at. Each owns its look, its keys and its messages; none asks for data."""
