namespace Media.Grains.Ports;

/// <summary>
/// Whether a grain may trust the state in its memory. On a cluster an activation is the only one; where several processes share a database
/// without a cluster between them, each may have one, and a state is read again before it is relied on.
/// </summary>
/// <param name="ReadBeforeUse">Whether to read again at the start of a turn.</param>
public sealed record StateFreshness(bool ReadBeforeUse);
