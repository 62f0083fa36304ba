using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Core;
using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>An assembly to look for grain classes in, besides those that are found.</summary>
internal sealed record GrainAssembly(Assembly Assembly);

/// <summary>A grain class: how its objects are made and how long they stay.</summary>
internal sealed class GrainClass
{
    private readonly ObjectFactory _make;
    private readonly Func<Activation, object>[] _arguments;

    public GrainClass(Type type, GrainCollectionOptions collection)
    {
        Type = type;
        GrainType = GrainType.Create(type.GetCustomAttribute<GrainTypeAttribute>()?.Name ?? ConventionalName(type));
        Reentrant = type.IsDefined(typeof(ReentrantAttribute));
        var age = collection.ClassSpecificCollectionAge.TryGetValue(type.FullName!, out var own) ? own
            : type.GetCustomAttribute<CollectionAgeLimitAttribute>()?.AgeLimit ?? collection.CollectionAge;
        CollectionAge = age == TimeSpan.MaxValue ? null : age;
        var supplied = type.GetConstructors().OrderByDescending(static c => c.GetParameters().Length).First().GetParameters()
            .Where(static p => p.IsDefined(typeof(PersistentStateAttribute)) || p.ParameterType == typeof(IGrainContext)).ToArray();
        _arguments = [.. supplied.Select(static p => p.ParameterType == typeof(IGrainContext) ? static a => a : (Func<Activation, object>)PersistentStates.Maker(p))];
        _make = ActivatorUtilities.CreateFactory(type, [.. supplied.Select(static p => p.ParameterType)]);
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    public bool Reentrant { get; }

    /// <summary>Null for never.</summary>
    public TimeSpan? CollectionAge { get; }

    /// <summary>Makes the grain object, and the records to read before its first call.</summary>
    public (object Grain, IEnumerable<IStorage> Records) Create(Activation activation)
    {
        var arguments = Array.ConvertAll(_arguments, make => make(activation));
        return (_make(activation.ActivationServices, arguments), arguments.OfType<IStorage>());
    }

    private static string ConventionalName(Type type)
    {
        var name = type.Name.EndsWith("Grain", StringComparison.Ordinal) && type.Name.Length > 5 ? type.Name[..^5] : type.Name;
        return name.ToLowerInvariant();
    }
}

/// <summary>The grain classes of the process.</summary>
internal sealed class GrainCatalog
{
    public static readonly GrainCatalog Empty = new([]);

    private readonly Dictionary<GrainType, GrainClass> _byType;
    private readonly GrainClass[] _classes;

    private GrainCatalog(GrainClass[] classes)
    {
        _classes = classes;
        _byType = classes.ToDictionary(static c => c.GrainType);
    }

    public int Count => _classes.Length;

    /// <summary>Finds the grain classes and checks what crosses their interfaces.</summary>
    /// <exception cref="OrleansConfigurationException">Lists all that the Orleans runtime would not start with.</exception>
    public static GrainCatalog Find(IEnumerable<GrainAssembly> added, GrainCollectionOptions collection)
    {
        var types = Assemblies(added).SelectMany(LoadableTypes)
            .Where(static t => t is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false }
                && t.IsAssignableTo(typeof(IGrainBase)) && t.IsAssignableTo(typeof(IGrain)))
            .Distinct().ToArray();
        var problems = new GrainContract().Check(types);
        foreach (var type in types.Where(static t => t.GetConstructors().Length == 0))
            problems.Add($"{type.FullName} has no public constructor.");
        GrainClass[] classes = problems.Count > 0 ? [] : [.. types.Select(t => new GrainClass(t, collection))];
        foreach (var same in classes.GroupBy(static c => c.GrainType).Where(static g => g.Skip(1).Any()))
            problems.Add($"{string.Join(" and ", same.Select(static c => c.Type.FullName))} are both '{same.Key}': give one a [GrainType].");
        if (problems.Count > 0)
            throw new OrleansConfigurationException($"The silo can't start:{Environment.NewLine}- {string.Join($"{Environment.NewLine}- ", problems)}");
        return new GrainCatalog(classes);
    }

    public GrainClass ClassOf(GrainType type) =>
        _byType.TryGetValue(type, out var found) ? found : throw new ArgumentException($"No grain class is called '{type}'.", nameof(type));

    /// <summary>The class behind an interface: the only one, the one with the prefix, or the one with the interface's name.</summary>
    public GrainType TypeBehind(Type grainInterface, string? prefix)
    {
        GrainClass? found = null, namesake = null;
        var count = 0;
        foreach (var candidate in _classes)
        {
            if (!candidate.Type.IsAssignableTo(grainInterface) || (prefix is not null && !candidate.Type.FullName!.StartsWith(prefix, StringComparison.Ordinal)))
                continue;
            (found, count) = (candidate, count + 1);
            if (grainInterface.Name.AsSpan(1).SequenceEqual(candidate.Type.Name))
                namesake = candidate;
        }

        if (count > 1)
            found = namesake ?? throw new ArgumentException($"{count} grain classes implement {grainInterface.FullName}: name one by its prefix.", nameof(grainInterface));
        return found?.GrainType ?? throw new ArgumentException($"No grain class implements {grainInterface.FullName}.", nameof(grainInterface));
    }

    private static IEnumerable<Assembly> Assemblies(IEnumerable<GrainAssembly> added)
    {
        var loaded = new Dictionary<string, Assembly>(StringComparer.Ordinal);
        var references = new Queue<AssemblyName>();
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies().Where(static a => !a.IsDynamic && IsOurs(a.GetName())))
        {
            loaded.TryAdd(assembly.FullName!, assembly);
            Array.ForEach(assembly.GetReferencedAssemblies(), references.Enqueue);
        }

        // Grains that nothing has touched yet are in assemblies that are only referred to.
        while (references.TryDequeue(out var name))
        {
            if (loaded.ContainsKey(name.FullName) || !IsOurs(name))
                continue;
            try
            {
                var assembly = Assembly.Load(name);
                if (loaded.TryAdd(assembly.FullName!, assembly))
                    Array.ForEach(assembly.GetReferencedAssemblies(), references.Enqueue);
            }
            catch (Exception e) when (e is IOException or BadImageFormatException)
            {
                // A reference that isn't deployed can hold no grain that anyone calls.
            }
        }

        var own = typeof(GrainCatalog).Assembly.GetName().Name;
        return loaded.Values.Where(a => a.GetReferencedAssemblies().Any(r => r.Name == own)).Union(added.Select(static a => a.Assembly));
    }

    private static bool IsOurs(AssemblyName name) => name.Name is not ("System" or "mscorlib" or "netstandard")
        && !name.Name!.StartsWith("System.", StringComparison.Ordinal) && !name.Name.StartsWith("Microsoft.", StringComparison.Ordinal);

    private static IEnumerable<Type> LoadableTypes(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            return e.Types.OfType<Type>();
        }
    }
}
