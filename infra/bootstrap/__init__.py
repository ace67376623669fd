"""What an AWS account needs before the first deployment: a Pulumi program of its own, run by an administrator."""
