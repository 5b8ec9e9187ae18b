"""Foreign text made safe, and Markdown made into styled lines. A leaf shared by the two faces."""
