//! The real dashboard on a terminal of its own. Everything waits for what it wants to see, with a
//! limit.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::poller::{Home, LIMIT};

/// A dashboard on a terminal of 100 x 30.
pub struct Stage {
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    pub raw: Vec<u8>,
}

impl Stage {
    pub fn open(home: &Home, args: &[&str]) -> Self {
        let size = PtySize {
            rows: 30,
            cols: 100,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let like = home.command(args);
        let mut command = CommandBuilder::new(like.get_program());
        command.args(like.get_args());
        command.env_clear();
        for (name, value) in like.get_envs() {
            command.env(name, value.unwrap());
        }
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let (chunks, output) = channel();
        thread::spawn(move || {
            let mut chunk = vec![0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut chunk) {
                if chunks.send(chunk[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            _master: pair.master,
            keys,
            child,
            output,
            screen: vt100::Parser::new(30, 100, 0),
            raw: Vec::new(),
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn wait(&mut self, what: &str, wanted: impl Fn(&str, &[u8]) -> bool) {
        let limit = Instant::now() + LIMIT;
        loop {
            let text = self.screen.screen().contents();
            if wanted(&text, &self.raw) {
                return;
            }
            let left = limit.saturating_duration_since(Instant::now());
            let Ok(chunk) = self.output.recv_timeout(left) else {
                panic!("never: {what}\n{text}")
            };
            self.screen.process(&chunk);
            self.raw.extend_from_slice(&chunk);
        }
    }

    pub fn wait_for(&mut self, text: &str) {
        self.wait(text, |screen, _| screen.contains(text));
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
