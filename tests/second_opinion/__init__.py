"""Another scanner's opinion of the stack: checkov, which knows nothing of payhook's own rules."""
