//! A folder with a copy of the bucket, as an object store that is only read.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use pipeline::storage::{ObjectStore, ObjectVersion, PutNew, StoreError};

/// A folder.
pub(super) struct Folder(PathBuf);

fn failed(error: &io::Error) -> StoreError {
    StoreError::Final {
        call: "read folder",
        cause: error.kind().to_string(),
    }
}

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Every file, by its key.
    fn all(&self) -> Result<BTreeSet<String>, StoreError> {
        let mut keys = BTreeSet::new();
        let mut folders = vec![(self.0.clone(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            for entry in fs::read_dir(folder).map_err(|e| failed(&e))? {
                let entry = entry.map_err(|e| failed(&e))?;
                let key = format!("{prefix}{}", entry.file_name().to_string_lossy());
                if entry.path().is_dir() {
                    folders.push((entry.path(), format!("{key}/")));
                } else {
                    keys.insert(key);
                }
            }
        }
        Ok(keys)
    }
}

const READ_ONLY: StoreError = StoreError::Final {
    call: "write folder",
    cause: String::new(),
};

impl ObjectStore for Folder {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match fs::read(self.0.join(key)) {
            Ok(body) => Ok(Some(body)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    async fn put(&self, _key: &str, _body: Vec<u8>) -> Result<(), StoreError> {
        Err(READ_ONLY)
    }

    async fn put_new(&self, _key: &str, _body: Vec<u8>) -> Result<PutNew, StoreError> {
        Err(READ_ONLY)
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let keys = self.all()?.into_iter();
        Ok(keys.filter(|key| key.starts_with(prefix)).collect())
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let keys = self.all()?;
        let folder = |key: &String| {
            let (name, _) = key.strip_prefix(prefix)?.split_once('/')?;
            Some(format!("{prefix}{name}/"))
        };
        let folders: BTreeSet<String> = keys.iter().filter_map(folder).collect();
        Ok(folders.into_iter().collect())
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, StoreError> {
        let one = |key: String| ObjectVersion {
            size_bytes: fs::metadata(self.0.join(&key)).map_or(0, |file| file.len()),
            key,
            version_id: String::new(),
            current: true,
            deleted: false,
        };
        Ok(self.keys(prefix).await?.into_iter().map(one).collect())
    }

    async fn sha256(&self, key: &str, _version_id: &str) -> Result<Option<[u8; 32]>, StoreError> {
        let hash = |body: Vec<u8>| digest(&SHA256, &body).as_ref().try_into().ok();
        Ok(self.get(key).await?.and_then(hash))
    }
}
