"""What the network brings: messages and receipts as they come, history, names, groups and pictures."""
