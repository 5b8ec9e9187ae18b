"""Programs that measure chatty and print ratios against a bare program run beside it."""
