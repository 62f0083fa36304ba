namespace Orleans.Runtime;

/// <summary>The kind of a grain: its class's name without "Grain", in lower case, unless <see cref="GrainTypeAttribute"/> says otherwise.</summary>
public readonly record struct GrainType
{
    private readonly string? _name;

    private GrainType(string name) => _name = name;

    /// <summary>The kind with this name.</summary>
    public static GrainType Create(string value) => new(value);
    /// <inheritdoc/>
    public override string ToString() => _name ?? "";
}

/// <summary>A grain's key.</summary>
public readonly record struct IdSpan
{
    private readonly string? _key;

    private IdSpan(string key) => _key = key;

    /// <summary>The key with this text.</summary>
    public static IdSpan Create(string id) => new(id);
    /// <inheritdoc/>
    public override string ToString() => _key ?? "";
}

/// <summary>A grain's identity: kind and key, written <c>kind/key</c>.</summary>
public readonly record struct GrainId(GrainType Type, IdSpan Key)
{
    /// <summary>True of the value that no grain has.</summary>
    public bool IsDefault => Type == default;
    /// <summary>The identity of this kind and key.</summary>
    public static GrainId Create(string type, string key) => new(GrainType.Create(type), IdSpan.Create(key));
    /// <summary>The identity of this kind and key.</summary>
    public static GrainId Create(GrainType type, string key) => new(type, IdSpan.Create(key));
    /// <inheritdoc/>
    public override string ToString() => $"{Type}/{Key}";
}
