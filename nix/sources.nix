# What each kind of derivation may see of the repository. A file outside its set neither rebuilds it nor reaches it.
{ lib, root }:
let
  inherit (lib) fileset;

  # A folder or file that may not be there is then simply not part of the set.
  at = path: fileset.maybeMissing (root + "/${path}");
  withExtension =
    extension: paths:
    fileset.intersection (fileset.fileFilter (file: file.hasExt extension) root) (
      fileset.unions (map at paths)
    );
  tree =
    paths:
    fileset.toSource {
      inherit root;
      fileset = fileset.unions paths;
    };

  crates = lib.attrNames (
    lib.filterAttrs (_: type: type == "directory") (builtins.readDir (root + "/functions"))
  );
  manifests = map at [
    "Cargo.toml"
    "Cargo.lock"
    "clippy.toml"
    "rust-toolchain.toml"
  ];
  simulation = map at [
    "tests/simulation/Cargo.toml"
    "tests/simulation/src"
    # What the crate is made of, and not its pages and figures: they would rebuild every zip.
    "bench/Cargo.toml"
    "bench/src"
    "bench/benches"
    "bench/examples"
  ];
  policies = [
    (at "policies")
    (at "tests/policy")
    (at "infra/snapshots")
  ];
in
{
  # What the binaries are made of: the crates without their integration tests. A crate may include a file of its own folder in the program (a
  # catalogue, a sample), so the folders are taken whole: a file too many rebuilds the same bytes, a file too few breaks the build.
  code = tree (
    manifests
    ++ simulation
    ++ [
      # What `payhook iam report` prints, and what `payhook doctor` compares with.
      (at "infra/snapshots/rights.json")
      (at "infra/snapshots/stack_dev.json")
      (at "infra/limits.json")
      (fileset.difference (at "functions") (
        fileset.unions (map (crate: at "functions/${crate}/tests") crates)
      ))
    ]
  );

  # The same and what the tests read: fixtures, reviewed snapshots, the policy pack with its tests, and the limits.
  codeAndTests = tree (
    manifests
    ++ policies
    ++ map at [
      "functions"
      "tests/simulation"
      # The bench's lives.
      "tests/e2e/fixtures/lives.jsonl"
      "bench"
      "infra/limits.json"
    ]
  );

  # The policy pack, its tests, and the reviewed graph that it judges.
  policies = tree policies;

  # Everything in Python, and what it reads: data, and the policy pack, under which the bootstrap stands too.
  python = tree (
    policies
    ++ [
      (withExtension "json" [ "functions" ])
      # The evidence names Rust tests, and a test looks whether they are there.
      (withExtension "rs" [ "functions" ])
      (withExtension "py" [ "tests" ])
      (withExtension "py" [ "bench" ])
    ]
    ++ map at [
      "infra"
      "docs"
      # What the bench's own Python makes a page of.
      "bench/results.json"
    ]
  );

  nix = tree (
    map at [
      "flake.nix"
      "flake.lock"
      "nix"
      "infra/requirements.txt"
      "infra/requirements-dev.txt"
      "infra/local_cloud/requirements.txt"
      "tests/tools/flake_lock.py"
    ]
  );

  # Single files that a derivation runs.
  zipFunctions = root + "/tests/tools/zip_functions.py";
  coverageScript = root + "/tests/tools/rust_coverage.sh";
}
