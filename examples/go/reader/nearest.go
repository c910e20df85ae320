// The words nearest to a word: cosine over the rows of an embedding table that somebody else holds.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

	"github.com/Mohammed-Aman-Khan/zinc/go"
)

const count = 5

// Borrowed rows, a word for each, and the length of each row.
type table struct {
	rows  [][]float32
	words []string
	norms []float64
}

type neighbour struct {
	Word   string  `json:"word"`
	Cosine float64 `json:"cosine"`
}

// newTable reads every row once. vocabulary has a word per line, in the order of the rows.
func newTable(embeddings zinc.Tensor[float32], vocabulary []byte) (*table, error) {
	if len(embeddings.Shape) != 2 {
		return nil, fmt.Errorf("%d dimensions where two were expected", len(embeddings.Shape))
	}
	// A string over the shared bytes, which nobody writes any more: Go would copy them else.
	text := unsafe.String(unsafe.SliceData(vocabulary), len(vocabulary))
	t := &table{words: strings.Split(text, "\n")}
	if len(t.words) < embeddings.Shape[0] {
		return nil, errors.New("fewer words than rows")
	}
	for row := range slices.Chunk(embeddings.Data, embeddings.Shape[1]) {
		t.rows = append(t.rows, row)
		t.norms = append(t.norms, math.Sqrt(dot(row, row)))
	}
	return t, nil
}

// nearest gives the words of the largest cosine with word, the largest first and the lower row first among equals.
// Neither the word itself nor an entry starting with [ or # is among them: those are the tokenizer's markers and word
// pieces.
func (t *table) nearest(word string) ([]neighbour, error) {
	own := slices.Index(t.words[:len(t.rows)], word)
	if own < 0 {
		return nil, fmt.Errorf("%q is not in the vocabulary", word)
	}
	var all []neighbour
	for i, row := range t.rows {
		candidate := t.words[i]
		if i == own || strings.HasPrefix(candidate, "[") || strings.HasPrefix(candidate, "#") {
			continue
		}
		all = append(all, neighbour{candidate, dot(row, t.rows[own]) / (t.norms[i] * t.norms[own])})
	}
	slices.SortStableFunc(all, func(a, b neighbour) int { return cmp.Compare(b.Cosine, a.Cosine) })
	return all[:min(count, len(all))], nil
}

// In double precision, so that every language's reader finds the same order.
func dot(a, b []float32) float64 {
	var sum float64
	for i, value := range a {
		sum += float64(value) * float64(b[i])
	}
	return sum
}
