# What `nix run .#NAME` does: `demo`, `deploy` and `policy`.
{
  lib,
  pkgs,
  pulumi,
  python,
  sources,
  lambdas,
  gate,
  payhook,
  hostZips,
  ...
}:
let
  app = description: script: {
    type = "app";
    program = lib.getExe script;
    meta = { inherit description; };
  };

  # From the store alone: works without a clone, and leaves nothing behind.
  demo = pkgs.writeShellScriptBin "demo" ''
    set -euo pipefail
    cd ${sources.python}
    # Node runs the function at the edge.
    export PATH=${lib.makeBinPath [ pkgs.nodejs-slim ]}:$PATH
    export PYTHONDONTWRITEBYTECODE=1
    exec ${lib.getExe' python.environment "python"} -m tests.demo --zips ${hostZips} --payhook ${lib.getExe payhook} "$@"
  '';

  # Needs the clone: the stack's configuration is in it.
  deploy = pkgs.writeShellScriptBin "deploy" ''
    set -euo pipefail
    export PATH=${
      lib.makeBinPath [
        pkgs.coreutils
        pkgs.git
        pkgs.gnumake
        pulumi
        pkgs.python3
      ]
    }:$PATH
    ${lib.optionalString pkgs.stdenv.hostPlatform.isLinux ''
      # Python packages from the index are linked to a C++ library that is not where they look on NixOS.
      export LD_LIBRARY_PATH=${
        lib.makeLibraryPath [ pkgs.stdenv.cc.cc ]
      }''${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    ''}
    cd "$(git rev-parse --show-toplevel 2>/dev/null || pwd)"
    if [ ! -f infra/Pulumi.yaml ]; then
      echo "deploy: there is no infra/Pulumi.yaml here: run this inside a clone of payhook" >&2
      exit 1
    fi
    if [ -e result ] && [ ! -L result ]; then
      echo "deploy: ./result is in the way: it must be the link to what Nix built" >&2
      exit 1
    fi
    # The stack takes the zips from here.
    ln -sfn ${lambdas} result
    make --quiet .venv/.runtime
    .venv/bin/python -m infra.graph --out build/graph.json
    ${lib.getExe gate} build/graph.json
    cd infra
    exec pulumi up "$@"
  '';
in
{
  demo = app "The whole system on this machine: deploy, send webhooks, count what arrived" demo;
  deploy = app "Build the functions, pass the policy gate, `pulumi up`" deploy;
  policy = app "Judge the reviewed graph, or the one that is named, by the policy pack" gate;
}
