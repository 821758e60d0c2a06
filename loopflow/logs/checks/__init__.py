"""What `loopflow logs diagnose` looks at: whether it works here, point by point."""
