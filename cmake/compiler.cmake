# What holds for every target of ours.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# A position-independent executable without -fPIC's cost for calls between our own functions.
add_compile_options(-fPIE -fno-omit-frame-pointer -Wall -Wextra -Wshadow -Werror)
add_link_options(-pie -fuse-ld=mold)

if(OUTRIGGER_SANITIZERS)
  add_compile_options(-fsanitize=${OUTRIGGER_SANITIZERS} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${OUTRIGGER_SANITIZERS})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With instrumentation, GCC 12 reports uninitialized and out-of-bounds uses inside the standard library's own headers.
    add_compile_options(-Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow)
  endif()
  if(OUTRIGGER_SANITIZERS MATCHES "thread")
    # GCC 12 has no instrumentation of fences; ours are never the only synchronisation.
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  endif()
endif()

if(OUTRIGGER_FUZZ)
  # Coverage feedback in everything that a fuzzer calls; each fuzzer links libFuzzer's main itself.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
