"""The infrastructure of payhook: the Pulumi program (`infra/lib`), its resource graph and the local cloud it is applied to."""
