import * as fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { createStyle, isUnicode, wrapLine } from '../../src/render/style.ts';
import { clock, duration, elapsed, listNames, sanitize, splitLines } from '../../src/render/text.ts';
import { cut } from '../../src/render/width.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

describe('text on a screen', () => {
  it('holds no control character, whatever a step prints', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(sanitize(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029]/);
      }),
    );
  });

  it('loses escape sequences whole, and the text around them not at all', () => {
    expect(sanitize('\u001b[1;31mred\u001b[0m \u001b]0;title\u0007text \u001b]8;;http://x\u001b\\link')).toBe(
      'red text link',
    );
    expect(sanitize('a\u001b[5Aevil\u0007')).toBe('aevil');
    expect(sanitize('unterminated \u001b]0;title')).toBe('unterminated 0;title');
  });

  it('shows of a progress bar what was written last', () => {
    expect(sanitize('10%\r50%\r100%')).toBe('100%');
    expect(splitLines('a\r\nb\n')).toEqual(['a', 'b']);
  });

  it('is cut by columns, never within a character', () => {
    expect(cut('日本語テキスト', 8)).toBe('日本語…');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.integer({ min: 0, max: 20 }), (text, width) => {
        expect(stringWidth(cut(sanitize(text), width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('fits a line of several colours into any width', () => {
    const style = createStyle({ color: true, unicode: true });
    const spans = fc.array(fc.oneof(anyText, fc.record({ text: anyText, as: fc.constant('red' as const) })));
    fc.assert(
      fc.property(spans, fc.integer({ min: 0, max: 30 }), (line, width) => {
        expect(stringWidth(style.line(line, width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('is broken at spaces without losing a word', () => {
    const words = fc.array(fc.stringMatching(/^[a-z日]{1,9}$/), { minLength: 1 });
    fc.assert(
      fc.property(words, fc.integer({ min: 24, max: 40 }), (list, width) => {
        const lines = wrapLine(['  ', { text: list.join(' '), as: 'red' }], width);
        const texts = lines.map((line) => createStyle({ color: false, unicode: true }).line(line));
        for (const text of texts) expect(stringWidth(text)).toBeLessThanOrEqual(width);
        expect(texts.join(' ').trim().split(/ +/)).toEqual(list);
      }),
    );
  });

  it('tells durations and names shortly', () => {
    expect([duration(400), duration(9949), duration(9950), elapsed(400)]).toEqual(['0.4s', '9.9s', '10s', '0s']);
    expect([elapsed(59_600), elapsed(185_000), elapsed(3_720_000)]).toEqual(['1m00s', '3m05s', '1h02m']);
    expect(listNames(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more');
    expect(clock('no time')).toBe('no time');
  });

  it('uses Unicode symbols where the locale says UTF-8, LC_ALL before LANG', () => {
    expect(isUnicode({ LANG: 'en_US.UTF-8' })).toBe(true);
    expect(isUnicode({ LANG: 'en_US.UTF-8', LC_ALL: 'C' })).toBe(false);
    expect(isUnicode({ LC_ALL: '', LANG: 'de_DE.utf8' })).toBe(true);
  });
});
