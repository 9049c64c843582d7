//! Watches: what the system tells of changes to files, so that they need not be looked at.

use super::remembered::Read;

#[cfg(target_os = "linux")]
pub(super) use linux::Watch;
#[cfg(not(target_os = "linux"))]
pub(super) use nowhere::Watch;

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::MetadataExt;
    use std::path::{Path, PathBuf};

    use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
    use rustix::io::Errno;

    use super::Read;
    use crate::media::stamp::Stamp;

    /// File systems of which nothing changes without this system: ext, XFS, Btrfs, F2FS, ZFS, memory.
    const LOCAL: [u32; 6] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x2fc1_2fc1, 0x0102_1994];

    /// Folders of files that the system tells the changes of.
    pub(in crate::media) struct Watch {
        told: OwnedFd,
        /// By what the system calls them.
        folders: BTreeMap<i32, Folder>,
    }

    struct Folder {
        place: PathBuf,
        /// Device and inode: another one may be put in its place.
        is: (u64, u64),
        names: BTreeSet<Vec<u8>>,
    }

    impl Watch {
        /// Begins to listen. None where not every change would be told: on file systems that others write to as
        /// well, and where a file has a second name elsewhere.
        pub(in crate::media) fn over(files: &[Read]) -> Option<Self> {
            let watch = Self::listening(files)?;
            let local =
                |folder: &Folder| rustix::fs::statfs(&folder.place).is_ok_and(|on| LOCAL.contains(&(on.f_type as u32)));
            watch.folders.values().all(local).then_some(watch)
        }

        fn listening(files: &[Read]) -> Option<Self> {
            let told = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
            let mut names: BTreeMap<&Path, BTreeSet<Vec<u8>>> = BTreeMap::new();
            for file in files {
                file.stamp.filter(Stamp::has_one_name)?;
                let name = file.place.file_name()?.as_encoded_bytes().to_vec();
                names.entry(file.place.parent()?).or_default().insert(name);
            }
            let mut folders = BTreeMap::new();
            for (place, names) in names {
                // Asked first: one that is put in its place meanwhile is seen to be another.
                let folder = Folder { place: place.to_owned(), is: identity(place)?, names };
                let number = inotify::add_watch(&told, place, WatchFlags::ALL_EVENTS - READING).ok()?;
                if folders.insert(number, folder).is_some() {
                    // Two paths lead to one folder.
                    return None;
                }
            }
            Some(Self { told, folders })
        }

        /// Whether nothing has happened to the files since, as far as that can be told. When something has, it is of
        /// no more use.
        pub(in crate::media) fn is_quiet(&self) -> bool {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut events = Reader::new(&self.told, &mut buffer);
            loop {
                match events.next() {
                    Ok(event) => {
                        let named = self.folders.get(&event.wd()).zip(event.file_name());
                        // What is not about a file is about a folder, or says that too much has happened.
                        if named.is_none_or(|(folder, name)| folder.names.contains(name.to_bytes())) {
                            return false;
                        }
                    }
                    Err(Errno::AGAIN) => break,
                    Err(_) => return false,
                }
            }
            self.folders.values().all(|folder| identity(&folder.place) == Some(folder.is))
        }
    }

    /// What does not change a file.
    const READING: WatchFlags =
        WatchFlags::ACCESS.union(WatchFlags::OPEN).union(WatchFlags::CLOSE_NOWRITE).union(WatchFlags::CLOSE_WRITE);

    fn identity(folder: &Path) -> Option<(u64, u64)> {
        fs::metadata(folder).ok().map(|folder| (folder.dev(), folder.ino()))
    }

    #[cfg(test)]
    mod tests {
        use std::io::Write;

        use super::*;

        fn read(folder: &Path, name: &str) -> Read {
            let place = folder.join(name);
            let stamp = Stamp::of(&place);
            Read { path: name.into(), place, picture: String::new(), content: String::new(), stamp }
        }

        #[test]
        fn every_change_of_a_file_is_told_and_none_of_others() {
            type Change = fn(&Path) -> std::io::Result<()>;
            let changes: [(&str, bool, Change); 8] = [
                ("nothing", true, |_| Ok(())),
                ("it is read", true, |folder| fs::read(folder.join("a.png")).map(|_| ())),
                ("another file is made", true, |folder| fs::write(folder.join("b.png"), "b")),
                ("written in place", false, |folder| {
                    fs::OpenOptions::new().write(true).open(folder.join("a.png"))?.write_all(b"x")
                }),
                ("replaced", false, |folder| {
                    fs::write(folder.join("c.png"), "a")?;
                    fs::rename(folder.join("c.png"), folder.join("a.png"))
                }),
                ("removed", false, |folder| fs::remove_file(folder.join("a.png"))),
                ("its folder is removed", false, |folder| fs::remove_dir_all(folder)),
                ("its folder is another one", false, |folder| {
                    let above = folder.parent().expect("it is below another");
                    fs::rename(above, above.with_extension("away"))?;
                    fs::create_dir_all(folder)?;
                    fs::write(folder.join("a.png"), "a")
                }),
            ];
            for (about, quiet, change) in changes {
                let root = tempfile::tempdir().unwrap();
                let folder = root.path().join("media/pictures");
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join("a.png"), "a").unwrap();
                let watch = Watch::listening(&[read(&folder, "a.png")]).expect("this system tells of changes");
                assert!(watch.is_quiet());
                change(&folder).unwrap();
                assert_eq!(watch.is_quiet(), quiet, "{about}");
            }
        }

        #[test]
        fn a_file_that_may_change_by_another_name_is_not_listened_to() {
            let root = tempfile::tempdir().unwrap();
            fs::write(root.path().join("a.png"), "a").unwrap();
            fs::hard_link(root.path().join("a.png"), root.path().join("b.png")).unwrap();
            std::os::unix::fs::symlink("a.png", root.path().join("c.png")).unwrap();
            for name in ["a.png", "c.png"] {
                assert!(Watch::over(&[read(root.path(), name)]).is_none(), "{name}");
            }
            let (folder, link) = (root.path().join("folder"), root.path().join("link"));
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("d.png"), "d").unwrap();
            fs::write(folder.join("e.png"), "e").unwrap();
            std::os::unix::fs::symlink(&folder, &link).unwrap();
            assert!(Watch::listening(&[read(&folder, "d.png"), read(&folder, "e.png")]).is_some());
            assert!(Watch::listening(&[read(&folder, "d.png"), read(&link, "e.png")]).is_none());
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod nowhere {
    use super::Read;

    /// Nothing is told here.
    pub(in crate::media) struct Watch;

    impl Watch {
        /// Returns none: the files are looked at every time.
        pub(in crate::media) fn over(_: &[Read]) -> Option<Self> {
            None
        }

        /// There is none to be asked.
        pub(in crate::media) fn is_quiet(&self) -> bool {
            false
        }
    }
}
