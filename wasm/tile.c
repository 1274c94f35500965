// Runs of register tiles (tile.h) for each height of a strip. One function each, called through a table,
// which no optimiser inlines: engines compile function by function, and swap in better code at a call.
#include "tile.h"

#define RUN(rows, vectors, table, operand, least)                                                            \
  for (; c < n && n - c >= (least); c += 4 * (vectors))                                                      \
  tile(rows, vectors, table, left, operand, terms, bias, to + c, pitch, PANEL, n - c)

// Fewer columns than a panel has are computed on its +0 columns and not stored.
#define PANELS(rows, vectors, least)                                                                         \
  RUN(rows, vectors, 0, ((Right){panels + c / PANEL * panel, 0, panel}), least)
#define PANELS_FUNCTION(name, tiles)                                                                         \
  static void name(const f32 *left, const f32 *panels, u32 panel, u32 terms, const f32 *bias, f32 *to,       \
                   u32 pitch, u32 n) {                                                                       \
    u32 c = 0;                                                                                               \
    tiles                                                                                                    \
  }
// One row reads every operand once, from memory where they are many: four panels at a time, each of which
// goes on where it ended for the next tile, so that memory is read from four places in order. (Four
// neighbours are new places for every tile: up to 1.5 times as long.)
#define QUARTERS()                                                                                           \
  const u32 quarter = n / (4 * PANEL);                                                                       \
  for (; c < quarter * PANEL; c += PANEL)                                                                    \
    tile(1, 8, 0, left, (Right){panels + c / PANEL * panel, 0, quarter * panel}, terms, bias, to + c, pitch, \
         quarter * PANEL, 4 * TILE_MAX);                                                                     \
  c *= 4
PANELS_FUNCTION(panels_1, QUARTERS(); PANELS(1, 6, 24); PANELS(1, 4, 16); PANELS(1, 2, 1);)
PANELS_FUNCTION(panels_2, PANELS(2, 4, 16); PANELS(2, 2, 1);)
PANELS_FUNCTION(panels_3, PANELS(3, 2, 1);)
PANELS_FUNCTION(panels_4, PANELS(4, 2, 1);)

void tile_panels(u32 height, const f32 *left, const f32 *panels, u32 panel, u32 terms, const f32 *bias,
                 f32 *to, u32 pitch, u32 n) {
  static void (*const runs[STRIP])(const f32 *, const f32 *, u32, u32, const f32 *, f32 *, u32,
                                   u32) = {panels_1, panels_2, panels_3, panels_4};
  runs[height - 1](left, panels, panel, terms, bias, to, pitch, n);
}

// A run ends in a tile of as few vectors as cover it; what it reads past the window is never stored.
#define WINDOW(rows, vectors, least) RUN(rows, vectors, 1, ((Right){from + c, table, 0}), least)
#define WINDOW_FUNCTION(name, tiles)                                                                         \
  static void name(const f32 *left, const f32 *from, const u32 *table, u32 terms, const f32 *bias, f32 *to,  \
                   u32 pitch, u32 n) {                                                                       \
    u32 c = 0;                                                                                               \
    tiles                                                                                                    \
  }
WINDOW_FUNCTION(window_1, WINDOW(1, 6, 21); WINDOW(1, 4, 9); WINDOW(1, 2, 1);)
WINDOW_FUNCTION(window_2, WINDOW(2, 4, 13); WINDOW(2, 2, 1);)
WINDOW_FUNCTION(window_3, WINDOW(3, 2, 5); WINDOW(3, 1, 1);)
WINDOW_FUNCTION(window_4, WINDOW(4, 2, 5); WINDOW(4, 1, 1);)

void tile_window(u32 height, const f32 *left, const f32 *from, const u32 *table, u32 terms, const f32 *bias,
                 f32 *to, u32 pitch, u32 n) {
  static void (*const runs[STRIP])(const f32 *, const f32 *, const u32 *, u32, const f32 *, f32 *, u32,
                                   u32) = {window_1, window_2, window_3, window_4};
  runs[height - 1](left, from, table, terms, bias, to, pitch, n);
}
