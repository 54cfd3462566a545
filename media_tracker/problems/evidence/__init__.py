"""What proves a fix: photos and documents of each round."""
