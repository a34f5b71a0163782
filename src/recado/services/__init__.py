"""What Recado does. A folder for each matter; what they share stands beside them."""
