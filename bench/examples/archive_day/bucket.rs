//! The bucket: objects as files of a folder that is removed in the end, audit objects made when
//! they are asked for; counts what is written, and tells the table which items were read back.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::ByteArrayType;
use parquet::file::reader::{FileReader, SerializedFileReader};
use pipeline::storage::{ObjectStore, ObjectVersion, PutNew, StoreError};

use crate::table::{Table, refused};

/// The place of the sort key among the columns.
const SORT_KEY: usize = 1;

const PARTS: &str = "archive/transactions/";

/// A bucket on disk.
pub(crate) struct Bucket<'t> {
    folder: PathBuf,
    table: &'t Table,
    /// The batches of the audit objects, by key.
    audit: BTreeMap<String, u64>,
    /// How many calls of each kind.
    pub(crate) calls: RefCell<BTreeMap<&'static str, u64>>,
}

impl<'t> Bucket<'t> {
    /// An empty one in the folder for temporary files.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub(crate) fn new(name: &str, table: &'t Table) -> std::io::Result<Self> {
        let name = format!("payhook-archive-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder)?;
        Ok(Self {
            folder,
            table,
            audit: table.items.objects().zip(0..).collect(),
            calls: RefCell::default(),
        })
    }

    fn call<V>(
        &self,
        name: &'static str,
        work: impl FnOnce() -> std::io::Result<V>,
    ) -> Result<V, StoreError> {
        *self.calls.borrow_mut().entry(name).or_default() += 1;
        self.table
            .own(work)
            .map_err(|error| refused(&error.to_string()))
    }

    fn path(&self, key: &str) -> std::io::Result<PathBuf> {
        let path = self.folder.join(key);
        fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
        Ok(path)
    }

    /// Tells the table which items a part holds, if its manifest is there: read with the Parquet crate alone, one column of it.
    fn read_back(&self, key: &str, path: &Path) -> std::io::Result<()> {
        let manifest = key.replace(PARTS, "archive/manifests/");
        let manifest = manifest.replace(".parquet", ".json");
        if !self.folder.join(manifest).exists() {
            return Ok(());
        }
        let reader = SerializedFileReader::new(File::open(path)?)?;
        for group in 0..reader.num_row_groups() {
            let column = reader.get_row_group(group)?.get_column_reader(SORT_KEY)?;
            let mut column = get_typed_column_reader::<ByteArrayType>(column);
            let mut keys = Vec::new();
            while column.read_records(1_000, None, None, &mut keys)?.0 > 0 {
                for key in keys.drain(..) {
                    self.table.copied(key.as_utf8()?);
                }
            }
        }
        Ok(())
    }

    /// The file of some object of a folder.
    #[cfg(test)]
    pub(crate) fn some_object(&self, folder: &str) -> std::io::Result<PathBuf> {
        let mut found = fs::read_dir(self.folder.join(folder))?;
        let first = found.next().ok_or(ErrorKind::NotFound)??;
        Ok(first.path())
    }
}

impl Drop for Bucket<'_> {
    fn drop(&mut self) {
        // What stays behind is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl ObjectStore for Bucket<'_> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(batch) = self.audit.get(key) {
            return self.call("get of an audit object", || {
                self.table.items.object(*batch).map(Some)
            });
        }
        self.call("get", || {
            let path = self.path(key)?;
            let body = match fs::read(&path) {
                Ok(body) => body,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            if key.starts_with(PARTS) {
                self.read_back(key, &path)?;
            }
            Ok(Some(body))
        })
    }

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), StoreError> {
        self.call("put", || fs::write(self.path(key)?, &body))
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, StoreError> {
        self.call("put_new", || {
            let path = self.path(key)?;
            match OpenOptions::new().write(true).create_new(true).open(path) {
                Ok(mut file) => file.write_all(&body).map(|()| PutNew::Written),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(PutNew::Exists),
                Err(error) => Err(error),
            }
        })
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.call("list", || {
            let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
            let mut keys = Vec::new();
            files(&self.folder, folder, &mut keys)?;
            keys.retain(|key| key.starts_with(prefix));
            keys.sort();
            Ok(keys)
        })
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let folder = |key: &String| {
            let (name, _) = key.strip_prefix(prefix)?.split_once('/')?;
            Some(format!("{prefix}{name}/"))
        };
        let mut found: Vec<_> = self.audit.keys().filter_map(folder).collect();
        found.dedup();
        Ok(found)
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, StoreError> {
        let keys = self.audit.keys().filter(|key| key.starts_with(prefix));
        let version = |key: &String| ObjectVersion {
            key: key.clone(),
            version_id: "1".to_owned(),
            size_bytes: 1,
            current: true,
            deleted: false,
        };
        Ok(keys.map(version).collect())
    }

    async fn sha256(&self, key: &str, _: &str) -> Result<Option<[u8; 32]>, StoreError> {
        let body = self.get(key).await?;
        let hash = body.map(|body| digest::digest(&digest::SHA256, &body));
        Ok(hash.and_then(|hash| hash.as_ref().try_into().ok()))
    }
}

/// Adds the keys of the files below a folder.
fn files(root: &Path, folder: &str, keys: &mut Vec<String>) -> std::io::Result<()> {
    let entries = match fs::read_dir(root.join(folder)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let key = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            files(root, &key, keys)?;
        } else {
            keys.push(key);
        }
    }
    Ok(())
}
