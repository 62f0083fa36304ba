using System.Collections.Immutable;
using Media.Grains.Results;

namespace Media.Grains.Uploads;

/// <summary>Compares what the store has with the plan and with what the client says.</summary>
internal static class PartCheck
{
    /// <summary>Those parts that count: numbers of the plan, with the plan's sizes.</summary>
    public static ImmutableArray<UploadedPart> Planned(ImmutableArray<UploadedPart> parts, UploadPlan plan, long? size) =>
        parts.RemoveAll(part => part.Part < 1 || part.Part > plan.LastPart || (plan.SizeOf(part.Part, size) is { } planned && planned != part.Size));

    /// <summary>Numbers of the plan that are not among <paramref name="parts"/>, ascending, at most <paramref name="limit"/> of them.</summary>
    /// <param name="parts">Parts that count, by number.</param>
    /// <param name="count">The plan's number of parts.</param>
    /// <param name="limit">How many numbers are wanted at the most.</param>
    public static ImmutableArray<int> Missing(ImmutableArray<UploadedPart> parts, int count, int limit = int.MaxValue)
    {
        var missing = ImmutableArray.CreateBuilder<int>();
        var next = 0;
        for (var number = 1; number <= count && missing.Count < limit; number++)
        {
            if (next < parts.Length && parts[next].Part == number)
                next++;
            else
                missing.Add(number);
        }

        return missing.ToImmutable();
    }

    /// <summary>Decides which parts make up the object.</summary>
    /// <param name="stored">All parts that the store has, by number.</param>
    /// <param name="named">What the client says, in any order, or null.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="size">Bytes in the file, or null where not announced.</param>
    /// <returns>The parts to put together, in order, or what is wrong with them.</returns>
    public static Result<PartList> Choose(ImmutableArray<UploadedPart> stored, ImmutableArray<NamedPart>? named, UploadPlan plan, long? size)
    {
        var usable = Planned(stored, plan, size);
        if (named is { } list && Compare(usable, list, plan) is { } refusal)
            return refusal;

        if (plan.Strategy != UploadStrategy.Open)
        {
            var missing = Missing(usable, plan.PartCount);
            return missing.IsEmpty ? new PartList(usable) : MissingParts(missing);
        }

        // The client cut the file itself: its list, where there is one, says which parts belong to it.
        var own = named?.Select(part => part.Part).ToHashSet();
        var chosen = own is null ? usable : usable.RemoveAll(part => !own.Contains(part.Part));
        if (chosen.IsEmpty)
            return MissingParts([1]);
        var small = chosen[..^1].Where(part => part.Size < PartPlanner.MinPartSize).Select(part => part.Part).ToImmutableArray();
        return small.IsEmpty
            ? new PartList(chosen)
            : new Refusal(RefusalCode.PartTooSmall, $"Only the last part may have fewer than {PartPlanner.MinPartSize} bytes.") { Parts = small };
    }

    /// <summary>The refusal of an upload that is not whole.</summary>
    public static Refusal MissingParts(ImmutableArray<int> missing) =>
        new(RefusalCode.PartsMissing, missing.Length == 1 ? $"Part {missing[0]} is missing." : $"{missing.Length} parts are missing.") { Parts = missing };

    /// <summary>Whether two ETags are the same, with or without quotes.</summary>
    public static bool SameETag(string one, string other) => one.AsSpan().Trim('"').Equals(other.AsSpan().Trim('"'), StringComparison.OrdinalIgnoreCase);

    private static Refusal? Compare(ImmutableArray<UploadedPart> usable, ImmutableArray<NamedPart> named, UploadPlan plan)
    {
        var byNumber = usable.ToDictionary(part => part.Part);
        var missing = new SortedSet<int>();
        var changed = new SortedSet<int>();
        foreach (var part in named)
        {
            if (part.Part < 1 || part.Part > plan.LastPart)
                return new Refusal(RefusalCode.InvalidPart, $"Part numbers go from 1 to {plan.LastPart}.") { Parts = [part.Part] };
            if (!byNumber.TryGetValue(part.Part, out var stored))
                missing.Add(part.Part);
            else if (!SameETag(stored.ETag, part.ETag))
                changed.Add(part.Part);
        }

        if (missing.Count > 0)
            return MissingParts([.. missing]);
        return changed.Count == 0
            ? null
            : new Refusal(RefusalCode.PartChanged, "The store has other bytes for a part than the client believes.") { Parts = [.. changed] };
    }
}
