"""The policy pack under the real Open Policy Agent."""
