//! A machine of its own for each test: a temporary home, a temporary database, the real binary.
//! Nothing of the machine that runs the tests leaks in.

#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A temporary home with a database in it.
pub struct Machine {
    home: TempDir,
}

/// What a run of the binary left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Machine {
    pub fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn db(&self) -> PathBuf {
        self.path("test.db")
    }

    /// Writes a file; its path as text.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The binary with a clean environment and no `--db`.
    pub fn bare(&self) -> Command {
        let mut command = Command::cargo_bin("callboard").unwrap();
        for (name, _) in std::env::vars_os() {
            if name
                .to_str()
                .is_some_and(|n| n.starts_with("CALLBOARD_") || n.starts_with("XDG_"))
            {
                command.env_remove(name);
            }
        }
        let home = self.home.path();
        command
            .env("HOME", home)
            .env("XDG_DATA_HOME", home.join("data"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            // Nothing on the network is asked.
            .env("CALLBOARD_FEEDS_DEXSCREENER_URL", "http://127.0.0.1:9")
            .env("CALLBOARD_FEEDS_JUPITER_URL", "http://127.0.0.1:9")
            .env("CALLBOARD_FEEDS_GECKOTERMINAL_URL", "http://127.0.0.1:9")
            .env_remove("NO_COLOR")
            .current_dir(home);
        command
    }

    pub fn run_bare(&self, args: &[&str]) -> Ran {
        finish(self.bare().args(args))
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "")
    }

    /// Runs with something on stdin.
    pub fn run_with(&self, args: &[&str], stdin: impl Into<Vec<u8>>) -> Ran {
        finish(
            self.bare()
                .arg("--db")
                .arg(self.db())
                .args(args)
                .write_stdin(stdin),
        )
    }

    /// Imports content as a file called `name`, and expects every row to go in.
    pub fn import(&self, name: &str, content: impl AsRef<[u8]>) -> Ran {
        let ran = self.try_import(name, content);
        assert_eq!(ran.code, 0, "import of {name} failed: {ran:?}");
        ran
    }

    /// Imports content as a file called `name`; the path in messages becomes the bare name.
    pub fn try_import(&self, name: &str, content: impl AsRef<[u8]>) -> Ran {
        let path = self.file(name, content);
        let mut ran = self.run(&["import", &path]);
        ran.out = ran.out.replace(&path, name);
        ran.err = ran.err.replace(&path, name);
        ran
    }

    /// The JSON report of a section as of an instant, with further arguments.
    pub fn report(&self, section: &str, as_of: &str, more: &[&str]) -> Value {
        let mut args = vec!["--report", section, "--format", "json", "--as-of", as_of];
        args.extend(more);
        let ran = self.run(&args);
        assert_eq!(ran.code, 0, "{ran:?}");
        serde_json::from_str(&ran.out).unwrap()
    }

    /// The text report.
    pub fn text(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
    }
}

pub fn finish(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The row of a report whose field has a value.
pub fn find<'a>(rows: &'a Value, field: &str, value: &str) -> &'a Value {
    rows.as_array()
        .unwrap()
        .iter()
        .find(|row| row[field] == value)
        .unwrap_or_else(|| panic!("no row with {field} = {value} in {rows:#}"))
}

/// A number, within 1e-9 relative.
pub fn close(value: &Value, want: f64, what: &str) {
    let got = value
        .as_f64()
        .unwrap_or_else(|| panic!("{what}: {value} is no number, wanted {want}"));
    assert!(
        (got - want).abs() <= 1e-9 * want.abs().max(1.0),
        "{what}: got {got}, wanted {want}"
    );
}

/// The files of a folder with their bytes, to see that nothing was touched.
pub fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}
