//! The binary: everything is in the library.

/// Rows are made on one thread and freed on another when files go in, which the system's
/// allocator makes slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    callboard::app::main()
}
