# One system's outputs, put together from the parts beside this file.
{
  nixpkgs,
  crane,
  rust-overlay,
  system,
  root,
  # The parts of the system that builds the functions' zips; null where this one does.
  lambdasFrom,
}:
let
  inherit (nixpkgs) lib;
  overlays = [ rust-overlay.overlays.default ];
  pkgs = import nixpkgs { inherit system overlays; };

  sources = import ./sources.nix { inherit lib root; };
  # The compiler of rust-toolchain.toml and what is asked for on top, out of a given set of packages.
  toolchain =
    {
      extensions ? [ ],
      targets ? [ ],
    }:
    packages:
    (packages.rust-bin.fromRustupToolchainFile (root + "/rust-toolchain.toml")).override (pinned: {
      extensions = pinned.extensions ++ extensions;
      targets = pinned.targets ++ targets;
    });
  # The CLI and the plugin of random values have the versions of infra/requirements.txt; AWS's plugin
  # is newer and is fetched by the CLI.
  pulumi =
    assert lib.assertMsg (pkgs.pulumi-bin.version == (lib.importJSON ./pypi.json).pulumi.version)
      "pulumi-bin of the locked nixpkgs is ${pkgs.pulumi-bin.version}: pin the SDK and the providers of that version in infra/requirements.txt and nix/pypi.json";
    pkgs.pulumi-bin;
  manifest = lib.importTOML (root + "/Cargo.toml");
  common = {
    inherit
      lib
      pkgs
      crane
      sources
      toolchain
      ;
    functions = [
      "webhook_processor"
      "analytics_processor"
      "archival_function"
    ];
    inherit (manifest.workspace.package) version;
  };

  rust = import ./rust.nix common;
  lambdas =
    if lambdasFrom == null then
      import ./lambdas.nix (common // { inherit nixpkgs system overlays; })
    else
      lambdasFrom.lambdas;
  policy = import ./policy.nix (common // { inherit (rust) policy-gate; });
  python = import ./python.nix (common // { inherit (rust) policy-gate; });
  nix = import ./lint.nix common;
in
{
  inherit lambdas;

  packages = lambdas.packages // {
    inherit (rust) payhook policy-gate;
    inherit (policy) policy-pack;
    default = lambdas.packages.lambdas;
  };

  checks =
    rust.checks
    // policy.checks
    // python.checks
    // nix.checks
    // lib.optionalAttrs (lambdasFrom == null) lambdas.checks;

  apps = import ./apps.nix (
    common
    // {
      inherit pulumi python;
      inherit (lambdas.packages) lambdas;
      inherit (policy) gate;
      inherit (rust) payhook hostZips;
    }
  );

  devShells.default = import ./shell.nix (
    common
    // {
      inherit pulumi;
      inherit (lambdas) target;
    }
  );
  inherit (nix) formatter;
}
