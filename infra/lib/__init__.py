"""The Pulumi program: `tap_stack` joins the components, one concern a file."""
