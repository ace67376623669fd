"""PCI DSS evidence: requirement by requirement, made from the stack's graph, the rules' metadata and the last test results."""
