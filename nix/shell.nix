# The shell of `nix develop`: everything that `make` and the Pulumi CLI ask for.
{
  lib,
  pkgs,
  pulumi,
  toolchain,
  target,
  ...
}:
let
  rust = toolchain {
    extensions = [
      "llvm-tools"
      "rust-analyzer"
      "rust-src"
    ];
    targets = [ target ];
  } pkgs;
in
pkgs.mkShell {
  packages = [
    rust
    pkgs.awscli2
    pkgs.cargo-lambda
    pkgs.cargo-llvm-cov
    pkgs.cargo-nextest
    pkgs.deadnix
    pkgs.git
    pkgs.nixfmt
    pkgs.open-policy-agent
    pulumi
    pkgs.python3
    pkgs.regal
    pkgs.uv
    # `make test` lints types with Node, judges policies with an OPA it builds, and runs DynamoDB Local.
    pkgs.go
    pkgs.jdk_headless
    pkgs.maven
    pkgs.nodejs
  ]
  ++ lib.optionals pkgs.stdenv.hostPlatform.isDarwin [ pkgs.libiconv ];

  shellHook = ''
    ${lib.optionalString pkgs.stdenv.hostPlatform.isLinux ''
      # Python packages from the index are linked to a C++ library that is not where they look on NixOS.
      export LD_LIBRARY_PATH=${
        lib.makeLibraryPath [ pkgs.stdenv.cc.cc ]
      }''${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    ''}
    cat >&2 <<'NEXT'
    payhook: pulumi ${pulumi.version}, opa ${pkgs.open-policy-agent.version}, python ${pkgs.python3.version}, and the Rust of rust-toolchain.toml

      make demo            the whole system on this machine, counted
      make test            formats, lints, types, every test
      nix build            the three zips for AWS, in ./result
      cd infra && pulumi stack init dev && pulumi up

    make help lists the rest; nix flake check is what CI runs.
    NEXT
  '';
}
