// The words nearest to a word: cosine over the rows of an embedding table that somebody else holds.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Zinc;

/// <summary>Borrowed rows, where each row's word lies, and the length of each row.</summary>
internal sealed class Table
{
    private const int Count = 5;

    private readonly Tensor<float> _embeddings;
    private readonly int _columns;
    private readonly ReadOnlyMemory<byte>[] _words;
    private readonly double[] _norms;

    /// <summary>Reads every row once. The vocabulary has a word per line, in the order of the rows.</summary>
    internal Table(Tensor<float> embeddings, ReadOnlyMemory<byte> vocabulary)
    {
        if (embeddings.Shape.Count != 2)
        {
            throw new ArgumentException($"{embeddings} where two dimensions were expected");
        }

        _embeddings = embeddings;
        _columns = (int)embeddings.Shape[1];
        _words = Lines(vocabulary).Take((int)embeddings.Shape[0]).ToArray();
        if (_words.Length < embeddings.Shape[0])
        {
            throw new ArgumentException("fewer words than rows");
        }

        _norms = new double[_words.Length];
        for (int row = 0; row < _norms.Length; row++)
        {
            _norms[row] = Math.Sqrt(Dot(Row(row), Row(row)));
        }
    }

    /// <summary>
    /// The words of the largest cosine with a word, the largest first and the lower row first among equals. Neither the
    /// word itself nor an entry starting with [ or # is among them: those are the tokenizer's markers and word pieces.
    /// </summary>
    internal object Nearest(string word)
    {
        byte[] sought = Encoding.UTF8.GetBytes(word);
        int own = Array.FindIndex(_words, candidate => candidate.Span.SequenceEqual(sought));
        if (own < 0)
        {
            throw new ArgumentException($"\"{word}\" is not in the vocabulary");
        }

        return Enumerable.Range(0, _words.Length)
            .Where(row => row != own && !IsMarker(_words[row].Span))
            .Select(row => (row, cosine: Dot(Row(row), Row(own)) / (_norms[row] * _norms[own])))
            .OrderByDescending(candidate => candidate.cosine)
            .Take(Count)
            .Select(found => new { word = Encoding.UTF8.GetString(_words[found.row].Span), found.cosine });
    }

    private static bool IsMarker(ReadOnlySpan<byte> word) => word.Length > 0 && (word[0] == '[' || word[0] == '#');

    /// <summary>In double precision, so that every language's reader finds the same order.</summary>
    private static double Dot(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        double sum = 0;
        for (int column = 0; column < one.Length; column++)
        {
            sum += (double)one[column] * other[column];
        }

        return sum;
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> text)
    {
        while (!text.IsEmpty)
        {
            int end = text.Span.IndexOf((byte)'\n');
            end = end < 0 ? text.Length : end;
            yield return text.Slice(0, end);
            text = text.Slice(Math.Min(end + 1, text.Length));
        }
    }

    private ReadOnlySpan<float> Row(int row) => _embeddings.ReadOnlySpan.Slice(row * _columns, _columns);
}
