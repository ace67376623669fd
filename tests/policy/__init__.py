"""The policy pack judged: every change that breaks a rule of the stack is refused, by both engines."""
