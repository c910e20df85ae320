// Which words are nearest, in tables small enough to know by heart.

package main

import (
	"math"
	"slices"
	"testing"

	"github.com/Mohammed-Aman-Khan/zinc/go"
)

func newTestTable(t *testing.T, vocabulary string, data ...float32) *table {
	t.Helper()
	embeddings := zinc.Tensor[float32]{Data: data, Shape: []int{len(data) / 2, 2}}
	words, err := newTable(embeddings, []byte(vocabulary))
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func TestNearestLeavesOutTheWordItselfMarkersAndPieces(t *testing.T) {
	words := newTestTable(t, "[mask]\nsame\n##piece\nagain\ndiagonal\nright\nopposite\nclose\n",
		1, 0, 2, 0, 3, 0, 4, 0, 1, 1, 0, 1, -1, 0, 9, 1)
	found, err := words.nearest("same")
	if err != nil {
		t.Fatal(err)
	}
	expected := []neighbour{
		{"again", 1}, {"close", 9 / math.Sqrt(82)}, {"diagonal", math.Sqrt(0.5)}, {"right", 0}, {"opposite", -1},
	}
	if !slices.EqualFunc(found, expected, func(a, b neighbour) bool {
		return a.Word == b.Word && math.Abs(a.Cosine-b.Cosine) < 1e-12
	}) {
		t.Errorf("found %v, expected %v", found, expected)
	}
}

func TestEqualCosinesAreAnsweredInTheOrderOfTheRows(t *testing.T) {
	found, err := newTestTable(t, "asked\nb\na\nc", 0, 1, 2, 0, 1, 0, 4, 0).nearest("asked")
	if err != nil {
		t.Fatal(err)
	}
	for i, word := range []string{"b", "a", "c"} {
		if found[i].Word != word {
			t.Fatalf("found %v", found)
		}
	}
}

func TestAnUnknownWordHasNoAnswer(t *testing.T) {
	if found, err := newTestTable(t, "known", 1, 2).nearest("absent"); err == nil {
		t.Errorf("found %v", found)
	}
}
