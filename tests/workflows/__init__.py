"""What the workflows of GitHub say, held against the repository."""
