"""The providers' official SDKs, asked as judges."""
