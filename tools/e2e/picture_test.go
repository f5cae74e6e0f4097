package e2e

import (
	"cmp"
	"image"
	"image/color"
	"image/png"
	"os"
	"slices"
)

// shrink writes a picture anew with 256 colours, which is a third of its size
// and looks the same: pages are flat, and TVs are dark.
func shrink(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	full, err := png.Decode(f)
	f.Close()
	if err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(out, reduce(full)); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// shade is a colour of 6 bits a channel, and how often it occurs.
type shade struct {
	rgb [3]int
	n   int
}

const shadeBits = 6

func shadeOf(c color.Color) (key int, rgb [3]int) {
	r, g, b, _ := c.RGBA()
	for i, v := range []uint32{r, g, b} {
		rgb[i] = int(v >> 8)
		key = key<<shadeBits | rgb[i]>>(8-shadeBits)
	}
	return key, rgb
}

// reduce finds 256 colours by cutting the box of colours that spreads most in
// two, until there are enough (Heckbert's median cut).
func reduce(full image.Image) *image.Paletted {
	bounds := full.Bounds()
	shades := make([]shade, 1<<(3*shadeBits))
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			key, rgb := shadeOf(full.At(x, y))
			s := &shades[key]
			s.n++
			for i := range rgb {
				s.rgb[i] += rgb[i]
			}
		}
	}
	var first box
	for key, s := range shades {
		if s.n > 0 {
			for i := range s.rgb {
				s.rgb[i] /= s.n
			}
			first = append(first, keyed{s, key})
		}
	}
	boxes := []box{first}
	for len(boxes) < 256 {
		widest := slices.MaxFunc(boxes, func(a, b box) int { return cmp.Compare(a.spread(), b.spread()) })
		if len(widest) < 2 {
			break
		}
		i := slices.IndexFunc(boxes, func(b box) bool { return &b[0] == &widest[0] })
		low, high := widest.cut()
		boxes[i] = low
		boxes = append(boxes, high)
	}
	index := make([]uint8, len(shades))
	palette := make(color.Palette, len(boxes))
	for i, b := range boxes {
		palette[i] = b.mean()
		for _, s := range b {
			index[s.key] = uint8(i)
		}
	}
	out := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			key, _ := shadeOf(full.At(x, y))
			out.SetColorIndex(x, y, index[key])
		}
	}
	return out
}

type keyed struct {
	shade
	key int
}

// box is a set of shades that become one colour.
type box []keyed

// longest returns the channel in which the box is longest, and how long it is.
func (b box) longest() (channel, length int) {
	for c := range 3 {
		low, high := 255, 0
		for _, s := range b {
			low, high = min(low, s.rgb[c]), max(high, s.rgb[c])
		}
		if high-low > length {
			channel, length = c, high-low
		}
	}
	return channel, length
}

// spread weighs how long a box is by the pixels in it.
func (b box) spread() int {
	if len(b) < 2 {
		return -1
	}
	_, length := b.longest()
	return length * length * b.pixels()
}

func (b box) pixels() (n int) {
	for _, s := range b {
		n += s.n
	}
	return n
}

// cut splits a box at its median pixel.
func (b box) cut() (low, high box) {
	channel, _ := b.longest()
	slices.SortFunc(b, func(x, y keyed) int { return cmp.Compare(x.rgb[channel], y.rgb[channel]) })
	half, seen := b.pixels()/2, 0
	for i, s := range b[:len(b)-1] {
		if seen += s.n; seen >= half {
			return b[:i+1], b[i+1:]
		}
	}
	return b[:len(b)-1], b[len(b)-1:]
}

func (b box) mean() color.Color {
	var sum [3]int
	for _, s := range b {
		for c := range sum {
			sum[c] += s.rgb[c] * s.n
		}
	}
	n := b.pixels()
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}
