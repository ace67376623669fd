# The checks of the flake itself, and the formatter that passes the first of them.
{ pkgs, sources, ... }:
let
  check =
    name: input: command:
    pkgs.runCommand name { nativeBuildInputs = [ input ]; } ''
      cd ${sources.nix}
      { ${command}; } 2>&1 | tee $out
    '';
in
{
  formatter = pkgs.nixfmt-tree;

  checks = {
    nix-format = check "nix-format" pkgs.nixfmt "nixfmt --check flake.nix nix/*.nix";
    nix-dead-code = check "nix-dead-code" pkgs.deadnix "deadnix --fail flake.nix nix";
    # The inputs, the lock and the pinned packages agree.
    flake-lock = check "flake-lock" pkgs.python3Minimal "python3 tests/tools/flake_lock.py";
  };
}
