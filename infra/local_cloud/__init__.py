"""The whole stack on this machine: a local AWS (`emulator`), and the Pulumi program applied to it (`applier`)."""
