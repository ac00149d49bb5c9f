// Gives back what only the start needed of the program's own files: relocation tables, parsers,
// descriptors. Thread: main, once, when the configuration is compiled.
#pragma once

namespace outrigger {

// Unmapped pages of code and constants come back from the page cache when they are used again.
void release_start_pages();

}  // namespace outrigger
