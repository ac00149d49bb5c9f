#include "proxy/start_pages.h"

#include <link.h>
#include <sys/mman.h>

#include <cstdint>

namespace outrigger {
namespace {

constexpr uintptr_t kPage = 4096;

// Only what nobody can have written: private copies of written pages would be lost.
int release_segments(dl_phdr_info* object, size_t, void*) {
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    uintptr_t begin = (object->dlpi_addr + segment.p_vaddr + kPage - 1) & ~(kPage - 1);
    uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) & ~(kPage - 1);
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void release_start_pages() {
  dl_iterate_phdr(&release_segments, nullptr);
}

}  // namespace outrigger
